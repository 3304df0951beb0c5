//! Questions that a servent always answers as long as it works.

/// The keys of a program's control questions, which take turns: not even one that answers each question once is silent.
const CONTROL_KEYS: usize = 16;

/// Questions that a program always answers as long as it works.
#[derive(Debug)]
pub(super) struct Control {
    /// The beginning of all its keys; it is nobody else's.
    pub(super) key: String,
    /// The value of all its keys.
    pub(super) value: String,
    /// How many were asked.
    asked: usize,
}

impl Control {
    /// Those of the servent with this number.
    pub(super) fn new(number: usize) -> Self {
        Self { key: format!("controle{number}"), value: format!("presente{number}"), asked: 0 }
    }

    /// The key of the next question.
    pub(super) fn next_key(&mut self) -> String {
        self.asked += 1;
        self.nth_key(self.asked % CONTROL_KEYS)
    }

    fn nth_key(&self, number: usize) -> String {
        format!("{}-{number}", self.key)
    }

    /// The lines that make the program hold its keys.
    pub(super) fn lines(&self) -> String {
        (0..CONTROL_KEYS).map(|number| format!("{}\t{}\n", self.nth_key(number), self.value)).collect()
    }
}
