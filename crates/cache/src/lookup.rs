use crate::Footprint;

/// What a reader asks a [`crate::Space`] for.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The exact bytes that tell this value from every other one of the space, printable or not.
    pub key: Box<[u8]>,
    /// What the value is computed from, known before it is read.
    pub dependencies: Footprint,
}

/// What a loader answers for one [`Lookup`].
#[derive(Clone, Debug)]
pub struct Found<V> {
    /// The value. An absent row or an empty list is a value like any other.
    pub value: V,
    /// What the value was computed from beyond what the lookup declares; usually empty.
    pub dependencies: Footprint,
    /// How many statements its source was sent for it, and for what was asked for together with it. Told to whoever wants the request
    /// explained.
    pub statements: usize,
}

impl<V> Found<V> {
    /// A value that depends on nothing but what its lookup declares, and that took one statement.
    pub fn new(value: V) -> Self {
        Self { value, dependencies: Footprint::default(), statements: 1 }
    }
}
