"""Pure tensor functions in canvas units: pixel centres, distances to outlines, flattened curves, enclosed regions."""
