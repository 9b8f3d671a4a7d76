"""The territory optimizer: an HTTP service that draws sales territories and shares accounts fairly."""
