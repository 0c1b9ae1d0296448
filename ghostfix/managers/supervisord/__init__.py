"""supervisord: the programs of a supervisor daemon."""
