"""A typer program that does nothing."""

import typer

app = typer.Typer()


@app.command()
def main() -> None:
    """Does nothing."""


if __name__ == "__main__":
    app()
