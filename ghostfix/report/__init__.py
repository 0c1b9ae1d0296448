"""Pages: the parts of which the renderers make a report; pure."""
