"""Charts as inline SVG, drawn here: no script, no library, readable in print and in the dark."""
