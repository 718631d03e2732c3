//! Guests that no operator would want, as components. Each is an example, so that each is a component of its own.
