"""circus: the watchers of a circusd."""
