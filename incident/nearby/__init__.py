"""What is near a place: units that could be sent, hospitals that could take somebody, on either side of the border.

Called by clients and papers, never by a rule: it asks the map, and what it answers is an estimate that is not stored.
"""

from incident.nearby.book import EMPTY, Base, Book, book_of
from incident.nearby.rows import Nearby, kinds_known, nearest_hospitals, nearest_units
from incident.nearby.standing import Standing, point_of, sendable, stands
from incident.nearby.words import NOTE, WATER, line, lines, minutes_words, sentence, way_words

__all__ = [
    "EMPTY",
    "NOTE",
    "WATER",
    "Base",
    "Book",
    "Nearby",
    "Standing",
    "book_of",
    "kinds_known",
    "line",
    "lines",
    "minutes_words",
    "nearest_hospitals",
    "nearest_units",
    "point_of",
    "sendable",
    "sentence",
    "stands",
    "way_words",
]
