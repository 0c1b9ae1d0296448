"""Report: what was seen and done, and the parts of which the formats make a page of it."""
