"""The incidents this agency may see; where one is opened or entered."""
