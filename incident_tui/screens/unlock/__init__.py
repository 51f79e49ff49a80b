"""What is asked of whoever sits down at a locked desk."""
