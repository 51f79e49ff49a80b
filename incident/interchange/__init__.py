"""Files of other programs: areas and what is drawn, from bytes to values and back. GeoJSON, KML and CAP.

Pure: a shell reads and writes the files. Whatever is in them is foreign: each has a bound, every mistake is a plain
sentence of a ``ConfigError`` with its place, and nothing else is ever raised.
"""
