//! A large table of which a path touches little: what it did not touch costs nothing to reset.

/// A value for each row of a table, most of which no path touches.
#[derive(Clone, Debug)]
pub(crate) struct Sparse<T> {
    initial: Vec<T>,
    current: Vec<T>,
    touched: Vec<u32>,
}

impl<T: Copy> Sparse<T> {
    pub(crate) fn new(initial: Vec<T>) -> Self {
        Self { current: initial.clone(), initial, touched: Vec::new() }
    }

    pub(crate) fn get(&self, index: usize) -> T {
        self.current[index]
    }

    pub(crate) fn rows(&self) -> &[T] {
        &self.current
    }

    /// What the row is at the start of every path.
    pub(crate) fn at_start(&self, index: usize) -> T {
        self.initial[index]
    }

    #[expect(clippy::cast_possible_truncation, reason = "ids are 32 bits wide")]
    pub(crate) fn set(&mut self, index: usize, value: T) {
        self.touched.push(index as u32);
        self.current[index] = value;
    }

    /// Sets a row that was set since the last reset.
    pub(crate) fn set_again(&mut self, index: usize, value: T) {
        self.current[index] = value;
    }

    /// How often rows were set; the number of rows where each is set once.
    pub(crate) fn n_set(&self) -> usize {
        self.touched.len()
    }

    /// The rows that were set, in order; each once where each is set once.
    pub(crate) fn set_rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.touched.iter().map(|&index| index as usize)
    }

    pub(crate) fn reset(&mut self) {
        for index in self.touched.drain(..) {
            self.current[index as usize] = self.initial[index as usize];
        }
    }
}
