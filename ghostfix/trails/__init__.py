"""The parts of a trail: the starts of the service that it leads to, and the way there."""
