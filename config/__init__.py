"""The default settings as a package of data, so that the wheel carries them; no code belongs here."""
