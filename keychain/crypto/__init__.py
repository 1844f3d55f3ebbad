"""KMS, envelope, blind index, Secret: pure, no models."""
