"""The palette: every act and every row, by a few letters."""
