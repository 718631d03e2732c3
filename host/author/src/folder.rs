//! The folder of a plugin: `plugin.yaml`, the files that it refers to, and `overlay.yaml`.
