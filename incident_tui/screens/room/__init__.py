"""The frame of every screen, and what it does with keys, forms and the pump."""
