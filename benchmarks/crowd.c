/* One member of the crowd: opens what its environment asks for, says that it is ready, and waits for ever.
 *
 * CROWD_FILES      so many descriptors of the file CROWD_FILE are opened
 * CROWD_LISTENERS  so many TCP sockets listen on ports of 127.0.0.1 that the kernel chooses
 *
 * It dies with whoever started it, so that a benchmark that is killed leaves nobody behind. Its command line
 * is what it was given: the crowd looks like what runs on a machine.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int number(const char *name) {
    const char *text = getenv(name);
    return text ? atoi(text) : 0;
}

static int listens(void) {
    struct sockaddr_in address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
           listen(listener, 1) == 0;
}

int main(void) {
    int left;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (left = number("CROWD_FILES"); left > 0; left--)
        if (open(getenv("CROWD_FILE"), O_RDONLY) < 0)
            return 1;
    for (left = number("CROWD_LISTENERS"); left > 0; left--)
        if (!listens())
            return 1;
    if (write(1, ".", 1) != 1)
        return 1;
    for (;;)
        pause();
}
