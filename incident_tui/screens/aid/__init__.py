"""Aid: the board of requests, and at its foot what accepting would leave."""
