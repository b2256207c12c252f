//! Marks (sections 6.4 and 8 of `docs/model.md`): holders are valued anew after every hit, and what
//! they lost is booked to its cause before the next one comes.

use crate::attribution::{Cause, Channel, LossEntry};
use crate::lenders::Tested;
use crate::state::State;

impl State<'_> {
    /// Ends a hit: books its loss to its cause, then lets covers pay and books that too.
    pub(crate) fn settle(&mut self, channel: Channel, cause: Cause) {
        if !std::mem::take(&mut self.hit_took) {
            return;
        }
        self.book_fall(channel, cause);
        let mut paid_eth = 0.0;
        for index in 0..self.wrapped.len() {
            let loss = std::mem::take(&mut self.hit_loss_eth[index]);
            let wrapped = &mut self.wrapped[index];
            let paid = loss.min(wrapped.cover_eth);
            if paid > 0.0 {
                wrapped.cover_eth -= paid;
                wrapped.buffer_eth += paid;
                paid_eth += paid;
                self.stale[index] = true;
            }
        }
        self.hit_loss_eth[self.wrapped.len()] = 0.0;
        if paid_eth > 0.0 {
            self.ledger.sums.cover_paid += paid_eth;
            if channel == Channel::AttackSlash {
                self.ledger.sums.cover_paid_in_attack += paid_eth;
            }
            self.book_fall(Channel::Cover, cause);
        }
    }

    /// Ends an event: what comes next is valued at the marks this one left.
    pub(crate) fn mark(&mut self) {
        self.nav.copy_from_slice(&self.shadow);
    }

    /// Marks the holders anew whose backing has changed, each after all that backs it, and books the
    /// fall since the last such mark.
    pub(crate) fn book_fall(&mut self, channel: Channel, cause: Cause) {
        let n_base = self.network.n_base();
        let mut fall_eth = 0.0;
        let before = self.recorder.as_ref().map(|_| self.shadow.clone());
        self.shadow[..n_base].copy_from_slice(&self.nav[..n_base]);
        for index in 0..self.wrapped.len() {
            if std::mem::take(&mut self.stale[index]) {
                let nav = self.back(index);
                let fall = self.shadow[n_base + index] - nav;
                self.security.note_fall(nav / self.shadow[n_base + index]);
                self.shadow[n_base + index] = nav;
                fall_eth += self.wrapped[index].outside_units * fall;
                self.note_marked(n_base + index);
            }
        }
        let mut direct_eth = 0.0;
        if std::mem::take(&mut self.stale[self.wrapped.len()]) {
            let direct = self.direct_eth(&self.shadow);
            direct_eth = self.shadow_direct_eth - direct;
            self.shadow_direct_eth = direct;
        }
        self.channel_eth[channel.index()] += fall_eth + direct_eth;
        if let Some(mut nav_fall) = before {
            nav_fall.iter_mut().zip(&self.shadow).for_each(|(fall, after)| *fall -= after);
            let mut asset_eth = vec![0.0; nav_fall.len()];
            for (index, wrapped) in self.wrapped.iter().enumerate() {
                asset_eth[n_base + index] = wrapped.outside_units * nav_fall[n_base + index];
            }
            self.enter(LossEntry {
                channel,
                cause,
                nav_fall,
                asset_eth,
                direct_eth,
                users_eth: 0.0,
            });
        }
    }

    /// An asset has a new mark: its holders need one too, and what was judged by the old one is open
    /// again.
    pub(crate) fn note_marked(&mut self, asset: usize) {
        for &holder in &self.setting.holders_of[asset] {
            self.stale[holder] = true;
        }
        let tested = &mut self.loans.tested;
        if self.setting.is_volatile[asset] {
            tested.none_due = false;
        } else {
            *tested = Tested::default();
        }
        if let Some(index) = asset.checked_sub(self.network.n_base()) {
            self.market.quotes[index].is_open = true;
        }
    }

    /// Books bad debt on loans against the `index`-th wrapped asset.
    pub(crate) fn book_bad_debt(&mut self, index: usize, eth: f64) {
        self.channel_eth[Channel::BadDebt.index()] += eth;
        if self.recorder.is_some() {
            let mut entry = self.empty_entry(Channel::BadDebt, Cause::default());
            entry.asset_eth[self.network.n_base() + index] = eth;
            self.enter(entry);
        }
    }

    /// Books what users of an attacked AVS lose.
    pub(crate) fn book_users_loss(&mut self, cause: Cause, eth: f64) {
        self.channel_eth[Channel::AvsUsers.index()] += eth;
        if self.recorder.is_some() {
            let mut entry = self.empty_entry(Channel::AvsUsers, cause);
            entry.users_eth = eth;
            self.enter(entry);
        }
    }

    fn empty_entry(&self, channel: Channel, cause: Cause) -> LossEntry {
        let nothing = vec![0.0; self.nav.len()];
        let (nav_fall, asset_eth) = (nothing.clone(), nothing);
        LossEntry { channel, cause, nav_fall, asset_eth, direct_eth: 0.0, users_eth: 0.0 }
    }

    /// Adds to the entry of the same channel and cause, if there is one.
    fn enter(&mut self, entry: LossEntry) {
        if let Some(recorder) = &mut self.recorder {
            recorder.enter(entry);
        }
    }
}
