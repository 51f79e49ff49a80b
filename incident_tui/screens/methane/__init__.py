"""METHANE: one version letter by letter, who has read it, and every version there is."""
