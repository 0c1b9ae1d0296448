"""Scripts: programs' texts read for the commands that they run; shell, Python and Node."""
