"""What ``docker inspect`` answers, in the form of Docker's API 1.43 (ContainerInspect)."""

import json
from collections.abc import Mapping

ID = "4f" * 32


def inspected(
    policy: str = "always",
    *,
    running: bool = True,
    address: str = "172.17.0.9",
    retries: int = 0,
    state: Mapping[str, object] | None = None,
) -> str:
    return json.dumps(
        [
            {
                "Id": ID,
                "Created": "2026-01-02T03:04:05.678Z",
                "Path": "python3",
                "Args": ["ghost.py"],
                "State": {
                    "Status": "running" if running else "exited",
                    "Running": running,
                    "Paused": False,
                    "Restarting": False,
                    "Pid": 900 if running else 0,
                    "ExitCode": 0,
                    **(state or {}),
                },
                "Name": "/ghost_web_1",
                "RestartCount": 3,
                "HostConfig": {
                    "NetworkMode": "default",
                    "RestartPolicy": {"Name": policy, "MaximumRetryCount": retries},
                    "AutoRemove": False,
                },
                "Config": {"Hostname": "4f4f", "Env": ["TOKEN=secret"], "Image": "ghost:1"},
                "NetworkSettings": {
                    "IPAddress": address,
                    "Networks": {"bridge": {"IPAddress": address, "Gateway": "172.17.0.1"}},
                },
            }
        ]
    )
