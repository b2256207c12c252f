//! A path in one paragraph of plain words.

use super::Story;

impl Story<'_> {
    /// What fired, who was hit, how assets came apart, how long one waited, who bore what.
    #[must_use]
    pub fn paragraph(&self) -> String {
        let mut told = vec![self.tell_events()];
        told.extend(self.tell_hit());
        told.extend(self.tell_attacks());
        told.extend(self.tell_discounts());
        told.extend(self.tell_lending());
        told.extend(self.tell_queue());
        told.push(self.tell_bearers());
        told.join(" ")
    }
}
