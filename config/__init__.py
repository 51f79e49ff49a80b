"""The default settings as a package of data, so that the wheel carries them, and the one reader of YAML."""
