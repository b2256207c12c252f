//! A path told as JSON.

use serde_json::{Map, Value, json};
use slashfall_cascade::DayRecord;
use slashfall_output::{DaySums, StepRow, named_figures};

use super::Story;

impl Story<'_> {
    /// Events, days with their steps, all figures, and the story in plain words.
    #[must_use]
    pub fn json(&self) -> Value {
        let steps = self.steps();
        let days = self.path.record.days.iter().zip(DaySums::of(&self.path.record));
        let days = days.map(|(day, sums)| self.day_json(day, sums, &steps));
        let figures = named_figures(self.network, &self.path.figures);
        json!({
            "events": self.events_json(),
            "days": days.collect::<Vec<_>>(),
            "figures": figures.map(|(name, x)| (name, json!(x))).collect::<Map<_, _>>(),
            "story": self.paragraph(),
        })
    }

    /// What fired, in order.
    #[must_use]
    pub fn events_json(&self) -> Value {
        let events = self.fired();
        let events = events.iter().map(|event| {
            json!({
                "day": event.day, "tau_days": event.tau_days, "name": event.name,
                "kind": event.kind.name(), "severity": event.severity, "loss_eth": event.loss_eth,
            })
        });
        events.collect()
    }

    /// What happened, in order.
    #[must_use]
    pub fn steps(&self) -> Vec<StepRow> {
        let row = |step| StepRow::new(step, self.network, |n| self.source_name(n).to_owned());
        self.path.record.steps.iter().map(row).collect()
    }

    fn day_json(&self, day: &DayRecord, sums: DaySums, steps: &[StepRow]) -> Value {
        let assets = day.assets.iter().enumerate().map(|(index, asset)| {
            let figures = json!({
                "nav": asset.nav, "price": asset.price, "discount": asset.discount,
                "queued_eth": asset.queued_eth, "wait_days": asset.wait_days,
            });
            (self.wrapped_name(index).to_owned(), figures)
        });
        let reserves =
            self.network.reserves().iter().zip(&day.reserves).map(|(reserve, of_day)| {
                let figures = json!({ "utilization": of_day.utilization, "rate": of_day.rate });
                (reserve.name.clone(), figures)
            });
        let own: Vec<&StepRow> = steps.iter().filter(|step| step.day == day.day).collect();
        json!({
            "day": day.day,
            "rounds": day.rounds,
            "exit_queue_eth": day.exit_queue_eth,
            "sums": sums,
            "assets": assets.collect::<Map<_, _>>(),
            "reserves": reserves.collect::<Map<_, _>>(),
            "steps": own,
        })
    }
}
