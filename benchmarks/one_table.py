"""A typer program that prints one table with rich: the least that a report in a terminal can cost."""

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer()


@app.command()
def main() -> None:
    """Prints a table."""
    table = Table("what", "how")
    for number in range(20):
        table.add_row(f"row {number}", "well")
    Console().print(table)


if __name__ == "__main__":
    app()
