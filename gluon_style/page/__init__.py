"""A page in the browser: choose two pictures, watch the result being painted, keep it."""
