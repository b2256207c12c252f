//! The schema of every table, once: names, types, units, meanings; and tables held to it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, ListBuilder, StringBuilder, StringDictionaryBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, Float64Array, RecordBatch, UInt64Array};
pub use arrow_schema::Field;
use arrow_schema::{ArrowError, DataType, Schema};

/// Version of all schemas together; a change of meaning changes it.
pub const SCHEMA_VERSION: &str = "2";

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Dictionary-coded text.
    Text,
    /// A number that is always there.
    Float,
    /// A number that is null where the sample does not support it or it does not apply.
    MaybeFloat,
    /// A whole number.
    Count,
    /// A list of texts; null where it does not apply.
    Texts,
    /// A list of numbers; null where it does not apply.
    Floats,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnSchema {
    /// Name.
    pub name: &'static str,
    /// Type.
    pub kind: ColumnType,
    /// Unit; empty for text.
    pub unit: &'static str,
    /// What it says.
    pub meaning: &'static str,
}

/// A table.
#[derive(Debug, PartialEq, Eq)]
pub struct TableSchema {
    /// Name; the file is this with `.parquet`.
    pub name: &'static str,
    /// What one row is of.
    pub grain: &'static str,
    /// Its columns in order.
    pub columns: &'static [ColumnSchema],
}

impl TableSchema {
    /// Its columns as Arrow's fields, each with `unit` and `meaning` in its metadata.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        self.columns.iter().map(field).collect()
    }
}

macro_rules! columns {
    ($($name:literal $kind:ident $unit:literal $meaning:literal;)+) => {
        &[$(ColumnSchema { name: $name, kind: ColumnType::$kind, unit: $unit, meaning: $meaning },)+]
    };
}
pub(crate) use columns;

/// `summary.parquet`.
pub static SUMMARY: TableSchema = TableSchema {
    name: "summary",
    grain: "scenario x scope x metric x level",
    columns: columns! {
        "scenario" Text "" "scenario; base is the run file itself";
        "scope_kind" Text "" "system, asset (nav of the whole supply), asset_market (the same at the market price), portfolio or channel";
        "scope" Text "" "whose loss";
        "metric" Text "" "mean, std, var, es, probability_positive, probability_depeg_1pct / _5pct / _10pct, probability_beyond (of a loss beyond a budget), max, expected_return, expected_return_net";
        "level" MaybeFloat "probability" "level of var and es";
        "return_period_years" MaybeFloat "years" "horizon / 365 / (1 - level)";
        "value" Float "see unit" "the figure; losses are positive";
        "std_err" MaybeFloat "see unit" "standard error of the figure; null where the sample does not support one";
        "ci_low" MaybeFloat "see unit" "lower limit of the 95 % confidence interval";
        "ci_high" MaybeFloat "see unit" "upper limit of the 95 % confidence interval; null when beyond the sample";
        "budget" MaybeFloat "fraction" "of probability_beyond the share of what the scope has on day 0 that it counts losses above";
        "budget_eth" MaybeFloat "eth" "the same in ETH";
        "n_eff" Float "paths" "paths behind the figure: all, or those of the tail; of weighted paths what they are worth";
        "resolution" Float "see unit" "how far the value may be off because losses were counted by bin; 0 where it is exact";
        "unit" Text "" "eth or probability";
    },
};

/// `exceedance.parquet`.
pub static EXCEEDANCE: TableSchema = TableSchema {
    name: "exceedance",
    grain: "scenario x scope x probability",
    columns: columns! {
        "scenario" Text "" "scenario";
        "scope_kind" Text "" "as in summary";
        "scope" Text "" "whose loss";
        "loss" Float "eth" "loss exceeded with that probability: value at risk at 1 - probability";
        "probability" Float "probability" "probability of a loss beyond, within the horizon";
        "return_period_years" Float "years" "horizon / 365 / probability";
        "ci_low" MaybeFloat "eth" "lower limit of the 95 % interval of the loss";
        "ci_high" MaybeFloat "eth" "upper limit of it; null when beyond the sample";
        "es_beyond" Float "eth" "mean loss of the paths beyond: expected shortfall at 1 - probability";
        "resolution" Float "eth" "how far loss and es_beyond may be off because losses were counted by bin; 0 where they are exact";
    },
};

/// `contributions.parquet`.
pub static CONTRIBUTIONS: TableSchema = TableSchema {
    name: "contributions",
    grain: "scenario x scope x level x component",
    columns: columns! {
        "scenario" Text "" "scenario";
        "scope_kind" Text "" "as in summary";
        "scope" Text "" "whose expected shortfall";
        "level" Float "probability" "its level";
        "component_kind" Text "" "asset, channel, source_kind, operator, entity, avs, allocation (AVS/operator) or origin (direct and contagion, of the system alone); the components of each kind sum to the expected shortfall";
        "component" Text "" "name; in brackets what has none";
        "es_contribution" Float "eth" "mean of the component over the tail (Euler)";
        "share" MaybeFloat "fraction" "part of the expected shortfall; null when that is 0";
        "std_err" MaybeFloat "eth" "standard error of the contribution";
        "ci_low" MaybeFloat "eth" "lower limit of its 95 % interval";
        "ci_high" MaybeFloat "eth" "upper limit of it";
        "n_eff" Float "paths" "paths looked at that stand behind it";
        "standalone_es" Float "eth" "expected shortfall of the component by itself, at the same level";
        "standalone_std_err" MaybeFloat "eth" "its standard error";
        "diversification" MaybeFloat "fraction" "1 - es_contribution / standalone_es: what goes because not all goes wrong at once; null where the component costs nothing by itself";
    },
};

/// `cascade.parquet`.
pub static CASCADE: TableSchema = TableSchema {
    name: "cascade",
    grain: "scenario x rounds",
    columns: columns! {
        "scenario" Text "" "scenario";
        "rounds" Count "rounds" "rounds of the cascade in which something changed";
        "n_paths" Count "paths" "paths with that many";
        "probability" Float "probability" "of that number";
        "mean_direct" Float "eth" "their mean direct loss";
        "mean_contagion" Float "eth" "their mean contagion loss";
        "mean_total" Float "eth" "their mean total loss";
        "std_err_total" MaybeFloat "eth" "standard error of their mean total loss";
    },
};

/// `tail_paths.parquet`.
pub static TAIL_PATHS: TableSchema = TableSchema {
    name: "tail_paths",
    grain: "scenario x scope x path, the worst of each scope",
    columns: columns! {
        "scenario" Text "" "scenario";
        "scope_kind" Text "" "as in summary";
        "scope" Text "" "whose loss";
        "rank" Count "" "1 is the worst path of the scope";
        "path" Count "" "number of the path; replays it";
        "weight" Float "" "likelihood ratio: density of the model over that drawn from; 1 when paths are drawn plainly";
        "loss" Float "eth" "what the scope loses on it, above 0";
        "n_events" MaybeFloat "count" "sources that fired; null, as all that follows, of paths that were not looked at closely";
        "first_events" Texts "" "names of the first sources that fired, in order of time, five at most";
        "first_days" Floats "days" "when they did";
        "channel.avs_slash" MaybeFloat "eth" "what all holders lost through the channel";
        "channel.attack_slash" MaybeFloat "eth" "as channel.avs_slash";
        "channel.beacon" MaybeFloat "eth" "as channel.avs_slash";
        "channel.leak" MaybeFloat "eth" "as channel.avs_slash";
        "channel.theft" MaybeFloat "eth" "as channel.avs_slash";
        "channel.dilution" MaybeFloat "eth" "as channel.avs_slash";
        "channel.base_price" MaybeFloat "eth" "as channel.avs_slash";
        "channel.cover" MaybeFloat "eth" "as channel.avs_slash; negative, what was paid";
        "channel.bad_debt" MaybeFloat "eth" "as channel.avs_slash";
        "channel.avs_users" MaybeFloat "eth" "as channel.avs_slash";
    },
};

/// `removals.parquet`.
pub static REMOVALS: TableSchema = TableSchema {
    name: "removals",
    grain: "scenario x scope x what is taken out",
    columns: columns! {
        "scenario" Text "" "scenario";
        "scope_kind" Text "" "system (without falls of base-asset prices) or portfolio";
        "scope" Text "" "whose expected shortfall";
        "level" Float "probability" "its level: the highest of the run whose tail holds 100 paths, else the lowest";
        "rank" Count "" "1 is what lowers it most";
        "removal_kind" Text "" "avs, operator, entity or allocation (AVS/operator), of each kind the two that contribute most to the scope";
        "removed" Text "" "its name; its stake stays where it is and nobody may slash it";
        "es" Float "eth" "expected shortfall as it is";
        "es_without" Float "eth" "expected shortfall without it, under the same draws";
        "change" Float "eth" "es_without - es";
        "std_err" MaybeFloat "eth" "standard error of the change; null of Sobol points";
        "ci_low" MaybeFloat "eth" "lower limit of its 95 % interval";
        "ci_high" MaybeFloat "eth" "upper limit of it";
        "n_rerun" Count "paths" "paths that were run again without it: of those looked at, the ones that it can have changed";
    },
};

/// `contagion.parquet`.
pub static CONTAGION: TableSchema = TableSchema {
    name: "contagion",
    grain: "scenario x node",
    columns: columns! {
        "scenario" Text "" "scenario";
        "node_kind" Text "" "operator, entity, avs, group (of operators, no company), asset, reserve or source_kind";
        "node" Text "" "its name";
        "trigger_probability" Float "probability" "that a source fires within the horizon that names the node";
        "trigger_std_err" MaybeFloat "probability" "its standard error";
        "hit_probability" MaybeFloat "probability" "of an operator, an entity or a group: that one of its operators is slashed, by an AVS or by the chain; of an AVS: that it is attacked; of an asset: that its nav falls; null for others";
        "hit_std_err" MaybeFloat "probability" "its standard error";
        "mean_loss_given_trigger" MaybeFloat "eth" "mean total loss of the system on paths on which a source fires that names the node; null where none did";
        "std_err" MaybeFloat "eth" "its standard error";
        "ci_low" MaybeFloat "eth" "lower limit of its 95 % interval";
        "ci_high" MaybeFloat "eth" "upper limit of it";
        "amplification" MaybeFloat "1" "mean total over mean direct loss of these paths; null where the latter is not above 0";
        "amplification_std_err" MaybeFloat "1" "its standard error";
        "expected_rounds" MaybeFloat "rounds" "mean number of rounds of the cascade on these paths";
        "rounds_std_err" MaybeFloat "rounds" "its standard error";
        "debtrank" MaybeFloat "fraction" "linear DebtRank of the node on day 0, see check; null for other nodes than operators, AVSs and wrapped assets, and in networks of more than 2,000 of these";
    },
};

/// `joint.parquet`.
pub static JOINT: TableSchema = TableSchema {
    name: "joint",
    grain: "scenario x level x ordered pair of scopes",
    columns: columns! {
        "scenario" Text "" "scenario";
        "a_kind" Text "" "system, asset or portfolio";
        "a" Text "" "in whose tail";
        "b_kind" Text "" "as a_kind";
        "b" Text "" "whose loss";
        "level" Float "probability" "level of the tail";
        "probability_both" Float "probability" "that both lose more than nothing and at least their value at risk at the level; 1 - level if they always did together, (1 - level)^2 if they had nothing to do with one another";
        "probability_both_std_err" MaybeFloat "probability" "its standard error";
        "covar" Float "eth" "value at risk of b at the level, given that a is in its tail";
        "covar_std_err" MaybeFloat "eth" "half its interval over 1.96";
        "covar_ci_low" MaybeFloat "eth" "lower limit of its 95 % interval";
        "covar_ci_high" MaybeFloat "eth" "upper limit of it";
        "mes" Float "eth" "mean loss of b, given that a is in its tail: marginal expected shortfall";
        "mes_std_err" MaybeFloat "eth" "its standard error";
        "mes_ci_low" MaybeFloat "eth" "lower limit of its 95 % interval";
        "mes_ci_high" MaybeFloat "eth" "upper limit of it";
    },
};

/// `dependence.parquet`.
pub static DEPENDENCE: TableSchema = TableSchema {
    name: "dependence",
    grain: "scenario x kind x pair",
    columns: columns! {
        "scenario" Text "" "scenario";
        "kind" Text "" "events (of a source entry, a path), joint_events (probability that two sources, one of each entry, both fire), factor_correlation";
        "a" Text "" "entry (kind, and id where there is one) or factor";
        "b" Text "" "the other of a pair; of events the same";
        "requested" Float "see kind" "by the law of the run file";
        "realised" Float "see kind" "on the paths of the run; of factors on 65,536 of them at most";
        "std_err" MaybeFloat "see kind" "standard error of what was realised; null of Sobol points, and where it never happened";
        "z" MaybeFloat "1" "(realised - requested) / std_err";
    },
};

/// `convergence.parquet`.
pub static CONVERGENCE: TableSchema = TableSchema {
    name: "convergence",
    grain: "scenario x scope x metric x level x number of paths",
    columns: columns! {
        "scenario" Text "" "scenario";
        "scope_kind" Text "" "as in summary";
        "scope" Text "" "whose loss";
        "metric" Text "" "mean, var or es";
        "level" MaybeFloat "probability" "level of var and es";
        "n_paths" Count "paths" "the first so many: powers of two from 4,096 on, and all";
        "value" Float "eth" "the figure of these paths";
        "std_err" MaybeFloat "eth" "its standard error";
        "ci_low" MaybeFloat "eth" "lower limit of its 95 % interval";
        "ci_high" MaybeFloat "eth" "upper limit of it";
    },
};

/// `sensitivities.parquet`.
pub static SENSITIVITIES: TableSchema = TableSchema {
    name: "sensitivities",
    grain: "scenario x scope x metric x level x parameter",
    columns: columns! {
        "scenario" Text "" "scenario";
        "scope_kind" Text "" "as in summary";
        "scope" Text "" "whose figure";
        "metric" Text "" "mean, var or es";
        "level" MaybeFloat "probability" "level of var and es";
        "parameter" Text "" "key of the run file, or cover (all covers), or depth (all reserves of pools)";
        "method" Text "" "likelihood_ratio or common_numbers";
        "derivative" MaybeFloat "see unit" "change of the figure for each unit of relative change of the parameter, of a loading for each unit of it; null where the sample does not support one";
        "std_err" MaybeFloat "see unit" "its standard error; null where the sample does not support one";
        "ci_low" MaybeFloat "see unit" "lower limit of its 95 % interval";
        "ci_high" MaybeFloat "see unit" "upper limit of its 95 % interval";
        "step" Float "fraction" "a step to judge it by: 0.1 (a tenth more) of rates and amounts, 0.05 of loadings";
        "change" MaybeFloat "see unit" "derivative x step";
        "elasticity" MaybeFloat "fraction" "derivative / figure; null of loadings, and where the figure is 0";
        "unit" Text "" "eth";
    },
};

/// `avs_rate.parquet`.
pub static AVS_RATE: TableSchema = TableSchema {
    name: "avs_rate",
    grain: "scenario x rate x scope",
    columns: columns! {
        "scenario" Text "" "scenario";
        "source_kind" Text "" "whose rate: avs_fault, or avs_incident where there is none";
        "rate" Float "1 / year" "rate of every source of that kind, in place of what the run file says";
        "scope_kind" Text "" "as in summary";
        "scope" Text "" "whose expected shortfall";
        "level" Float "probability" "its level; lower than that of the summary where its tail would hold fewer than ten paths";
        "value" Float "eth" "expected shortfall";
        "std_err" MaybeFloat "eth" "its standard error; null where the sample does not support one";
        "ci_low" MaybeFloat "eth" "lower limit of its 95 % interval";
        "ci_high" MaybeFloat "eth" "upper limit of its 95 % interval";
        "n_paths" Count "paths" "paths run at this rate";
        "unit" Text "" "eth";
    },
};

/// `stress_days.parquet`.
pub static STRESS_DAYS: TableSchema = TableSchema {
    name: "stress_days",
    grain: "scenario x day x node x metric",
    columns: columns! {
        "scenario" Text "" "scenario; base is the run file itself";
        "day" Count "days" "day, from 1; figures of the whole path stand on the last";
        "node_kind" Text "" "system, asset, market, reserve or portfolio";
        "node" Text "" "its name";
        "metric" Text "" "of which amount; sums of the day, states at its end, and on the last day the figures of the path";
        "value" Float "see unit" "how much; losses are positive";
        "unit" Text "" "eth, fraction, days or count";
    },
};

/// `stress_steps.parquet`.
pub static STRESS_STEPS: TableSchema = TableSchema {
    name: "stress_steps",
    grain: "scenario x step, in order",
    columns: columns! {
        "scenario" Text "" "scenario; base is the run file itself";
        "day" Count "days" "day, from 1";
        "round" Count "rounds" "round of the day, from 1; 0 outside the rounds";
        "step" Text "" "fired, penalty, loot_sold, pledged, arbitrage, liquidated, attacked, leaving, paid_out, withdrawn, unwound";
        "node_kind" Text "" "source, operator, asset, market, avs or reserve";
        "node" Text "" "its name; of a source that of the event";
        "tau" MaybeFloat "days" "when the event happened";
        "severity" MaybeFloat "fraction" "how hard; of an outage the number of epochs";
        "loss" MaybeFloat "eth" "what holders lost by it at once, net of cover";
        "users" MaybeFloat "eth" "what users of the attacked AVS lost";
        "amount" MaybeFloat "eth" "sold, bought, seized, borrowed, withdrawn or paid out, as the step says";
        "repaid" MaybeFloat "eth" "debt repaid";
        "channel.bad_debt" MaybeFloat "eth" "debt left without collateral";
        "paid" MaybeFloat "eth" "paid from the buffer at once";
        "queued" MaybeFloat "eth" "sent into the queue";
        "wait" MaybeFloat "days" "days until it is paid";
    },
};

/// All tables of a run with a fixed schema.
pub static TABLES: [&TableSchema; 12] = [
    &SUMMARY,
    &EXCEEDANCE,
    &AVS_RATE,
    &CASCADE,
    &TAIL_PATHS,
    &CONTRIBUTIONS,
    &REMOVALS,
    &SENSITIVITIES,
    &CONTAGION,
    &JOINT,
    &DEPENDENCE,
    &CONVERGENCE,
];

/// The tables of a stress.
pub static STRESS_TABLES: [&TableSchema; 2] = [&STRESS_DAYS, &STRESS_STEPS];

/// A value of a row.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    /// Of a text column.
    Text(&'a str),
    /// Of a float column.
    Float(f64),
    /// Of a column that may be null.
    Maybe(Option<f64>),
    /// Of a count column.
    Count(u64),
    /// Of a column of lists of texts.
    Texts(Option<&'a [&'a str]>),
    /// Of a column of lists of numbers.
    Floats(Option<&'a [f64]>),
}

#[derive(Debug)]
enum Column {
    Text(Vec<String>),
    Float(Vec<f64>),
    Maybe(Vec<Option<f64>>),
    Count(Vec<u64>),
    Texts(ListBuilder<StringBuilder>),
    Floats(ListBuilder<Float64Builder>),
}

/// A table in the making, held to its schema.
#[derive(Debug)]
pub struct Table {
    schema: &'static TableSchema,
    columns: Vec<Column>,
}

impl Table {
    /// No rows yet.
    #[must_use]
    pub fn new(schema: &'static TableSchema) -> Self {
        let column = |column: &ColumnSchema| match column.kind {
            ColumnType::Text => Column::Text(Vec::new()),
            ColumnType::Float => Column::Float(Vec::new()),
            ColumnType::MaybeFloat => Column::Maybe(Vec::new()),
            ColumnType::Count => Column::Count(Vec::new()),
            ColumnType::Texts => Column::Texts(ListBuilder::new(StringBuilder::new())),
            ColumnType::Floats => Column::Floats(ListBuilder::new(Float64Builder::new())),
        };
        Self { schema, columns: schema.columns.iter().map(column).collect() }
    }

    /// Its schema.
    #[must_use]
    pub fn schema(&self) -> &'static TableSchema {
        self.schema
    }

    /// Adds a row.
    ///
    /// # Panics
    /// When a cell is not of its column's type: a bug of this crate.
    pub fn push<const N: usize>(&mut self, row: [Cell<'_>; N]) {
        self.push_row(&row);
    }

    /// The same of a row that is put together.
    pub(crate) fn push_row(&mut self, row: &[Cell<'_>]) {
        let n = row.len();
        assert_eq!(n, self.columns.len(), "a row of {} has one cell a column", self.schema.name);
        for (column, cell) in self.columns.iter_mut().zip(row.iter().copied()) {
            match (column, cell) {
                (Column::Text(column), Cell::Text(text)) => column.push(text.to_owned()),
                (Column::Float(column), Cell::Float(x)) => column.push(x),
                (Column::Maybe(column), Cell::Maybe(x)) => column.push(x),
                (Column::Count(column), Cell::Count(n)) => column.push(n),
                (Column::Texts(column), Cell::Texts(texts)) => {
                    column.append_option(texts.map(|all| all.iter().map(|text| Some(*text))));
                }
                (Column::Floats(column), Cell::Floats(numbers)) => {
                    column.append_option(numbers.map(|all| all.iter().map(|x| Some(*x))));
                }
                (column, cell) => unreachable!("{cell:?} in {column:?} of {}", self.schema.name),
            }
        }
    }

    /// The table in Arrow's form, with unit and meaning of each column in its field's metadata.
    ///
    /// # Errors
    /// When Arrow refuses the columns, which would be a bug of this crate.
    pub fn into_batch(self) -> Result<RecordBatch, ArrowError> {
        let arrays: Vec<ArrayRef> = self.columns.into_iter().map(into_array).collect();
        RecordBatch::try_new(Arc::new(Schema::new(self.schema.fields())), arrays)
    }
}

fn into_array(column: Column) -> ArrayRef {
    match column {
        Column::Text(column) => text_array(column.iter().map(String::as_str)),
        Column::Float(column) => Arc::new(Float64Array::from(column)),
        Column::Maybe(column) => Arc::new(Float64Array::from(column)),
        Column::Count(column) => Arc::new(UInt64Array::from(column)),
        Column::Texts(mut column) => Arc::new(column.finish()),
        Column::Floats(mut column) => Arc::new(column.finish()),
    }
}

fn field(column: &ColumnSchema) -> Field {
    let (data_type, nullable) = match column.kind {
        ColumnType::Text => (text_type(), false),
        ColumnType::Float => (DataType::Float64, false),
        ColumnType::MaybeFloat => (DataType::Float64, true),
        ColumnType::Count => (DataType::UInt64, false),
        ColumnType::Texts => (list_of(DataType::Utf8), true),
        ColumnType::Floats => (list_of(DataType::Float64), true),
    };
    annotated(Field::new(column.name, data_type, nullable), column.unit, column.meaning)
}

/// A list of items that may be null.
pub(crate) fn list_of(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

/// A field that says its unit and meaning.
pub(crate) fn annotated(field: Field, unit: &str, meaning: &str) -> Field {
    let entries = [("unit", unit), ("meaning", meaning)];
    let entries = entries.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    field.with_metadata(entries.collect::<HashMap<String, String>>())
}

/// Dictionary-coded text.
pub(crate) fn text_array<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    let mut array = StringDictionaryBuilder::<Int32Type>::new();
    values.for_each(|value| array.append_value(value));
    Arc::new(array.finish())
}

/// Type of dictionary-coded text.
pub(crate) fn text_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}
