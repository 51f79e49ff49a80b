"""The machinery under every slice: it knows records, ledgers and replicas, and no slice."""
