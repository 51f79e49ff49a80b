"""The map as data and cells: what is looked at (``view``), what is to be drawn (``scene``), and how it becomes cells.

Pure: nothing in here is a widget, reads a clock or a file. Everything is measured in metres of the National Grid;
whoever has degrees turns them into metres first (``incident.geography``). numpy is loaded by the first map that is
drawn, so that no start of the client pays for it.
"""
