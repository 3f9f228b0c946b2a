"""Samples and where they come from: data sets on disk, distorted copies."""
