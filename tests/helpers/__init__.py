"""Small models, scenes, images and runs that several tests use."""
