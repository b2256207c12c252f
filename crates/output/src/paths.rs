//! `paths/`: every figure of every path, in files of fixed path ranges.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, Float64Array, RecordBatch, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use slashfall_cascade::{AssetFigure, Channel, Figure, Layout, PortfolioFigure, Setting};
use slashfall_graph::Network;
use slashfall_sampling::Batch;

use crate::file::{sync, sync_file};
use crate::folder::{OutputError, ResultFolder};
use crate::recorded::{ROOM, files_named, n_rows, not_ours, opened, unread};
use crate::schema::{annotated, text_array, text_type};
use crate::scope::{ScopeKind, scopes};

/// What a row of `paths/` is of.
pub const PATHS_GRAIN: &str = "scenario x path";
/// Paths a file.
pub(crate) const PATHS_PER_FILE: u64 = 65_536;
/// Key of the metadata of an asset's losses that says how much ETH they are fractions of, so that a
/// reader needs no network.
pub(crate) const ETH_PER_UNIT: &str = "eth_per_unit";

/// Writes the paths of one scenario as they come.
#[derive(Debug)]
pub struct PathsWriter<'f> {
    folder: &'f ResultFolder,
    scenario: String,
    /// Number of the scenario: what its files are called by.
    number: usize,
    fields: Vec<Field>,
    /// Where the figure of each field stands in a row.
    positions: Vec<usize>,
    first_path: u64,
    weights: Vec<f64>,
    columns: Vec<Vec<f64>>,
}

impl<'f> PathsWriter<'f> {
    /// Paths a file.
    pub const PATHS_PER_FILE: u64 = PATHS_PER_FILE;

    /// Before the path `first_path` of the `number`-th scenario, which is 0 unless a part is written.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn create(
        folder: &'f ResultFolder,
        setting: &Setting<'_>,
        scenario: &str,
        number: usize,
        first_path: u64,
    ) -> Result<Self, OutputError> {
        let dir = folder.file("paths");
        fs::create_dir_all(&dir).map_err(OutputError::io(&dir))?;
        let fields = with_units(figure_fields(setting.network()), setting);
        Ok(Self {
            folder,
            scenario: scenario.to_owned(),
            number,
            columns: vec![Vec::new(); fields.len()],
            weights: Vec::new(),
            fields,
            positions: Layout::new(setting.network()).positions().collect(),
            first_path,
        })
    }

    /// After `n_paths` of the scenario, which a run that was interrupted has left in the folder, and beside in
    /// `rest` those that do not fill a file; none where the files are not all there.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn resume(
        folder: &'f ResultFolder,
        setting: &Setting<'_>,
        (scenario, number): (&str, usize),
        n_paths: u64,
        rest: &Path,
    ) -> Result<Option<Self>, OutputError> {
        let last = n_paths - n_paths % PATHS_PER_FILE;
        let mut own = Self::create(folder, setting, scenario, number, last)?;
        let is_whole = own.has_all(last) && own.absorb_part(rest, last..n_paths)?;
        Ok(is_whole.then_some(own))
    }

    /// Whether the files of the first `n_paths` of the scenario are in the folder, whole.
    #[must_use]
    pub fn has_all(&self, n_paths: u64) -> bool {
        let mut first = 0;
        while first < n_paths {
            let n = PATHS_PER_FILE.min(n_paths - first);
            if n_rows(&self.file(first)) != Some(n) {
                return false;
            }
            first += n;
        }
        true
    }

    /// Leaves the paths that do not fill a file yet in a folder of their own, for [`PathsWriter::resume`].
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn leave(mut self, rest: &Path) -> Result<(), OutputError> {
        let Some((first, batch)) = self.take_batch()? else { return Ok(()) };
        let dir = rest.join("paths");
        fs::create_dir_all(&dir).map_err(OutputError::io(&dir))?;
        self.folder.write_batch(&dir.join(self.file_name(first)), &batch)?;
        sync(rest)
    }

    /// Adds the next batch.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn absorb(&mut self, batch: &Batch) -> Result<(), OutputError> {
        let weights = batch.weights.iter().copied().chain(std::iter::repeat(1.0));
        for ((path, row), weight) in batch.rows().zip(weights) {
            self.weights.push(weight);
            let cells = self.columns.iter_mut().zip(&self.positions);
            cells.for_each(|(column, &position)| column.push(row[position]));
            self.close_file(path)?;
        }
        Ok(())
    }

    /// Whether a file, named from the folder of a part, has paths of this scenario.
    #[must_use]
    pub fn is_of_scenario(&self, name: &str) -> bool {
        name.strip_prefix("paths/").is_some_and(|name| name.starts_with(&self.own_files()))
    }

    /// How names of files of this scenario begin.
    fn own_files(&self) -> String {
        format!("scenario{:03}-", self.number)
    }

    /// Adds the paths of this scenario that a part of the run has written; false where others than those that follow are there.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn absorb_part(&mut self, part: &Path, paths: Range<u64>) -> Result<bool, OutputError> {
        let own = self.own_files();
        let dir = part.join("paths");
        let mut next = paths.start;
        for file in files_named(&dir, |name| name.starts_with(&own))? {
            let opened = opened(&file, ROOM)?;
            if opened.schema().fields().len() != 3 + self.columns.len() {
                return Err(not_ours(&file).into());
            }
            for batch in opened.batches().map_err(unread(&file))? {
                let batch = batch.map_err(unread(&file))?;
                let of_path = batch.column_by_name("path").and_then(|own| own.as_primitive_opt());
                let of_path: &UInt64Array = of_path.ok_or_else(|| not_ours(&file))?;
                let mut figures = Vec::with_capacity(batch.num_columns() - 2);
                for column in &batch.columns()[2..] {
                    let column = column.as_primitive_opt::<Float64Type>();
                    figures.push(column.ok_or_else(|| not_ours(&file))?.values());
                }
                for (row, &path) in of_path.values().iter().enumerate() {
                    if path != next {
                        return Ok(false);
                    }
                    next += 1;
                    self.weights.push(figures[0][row]);
                    let cells = self.columns.iter_mut().zip(&figures[1..]);
                    cells.for_each(|(column, figures)| column.push(figures[row]));
                    self.close_file(path)?;
                }
            }
        }
        Ok(next == paths.end)
    }

    /// Writes a file once `path` is the last that goes into it.
    fn close_file(&mut self, path: u64) -> Result<(), OutputError> {
        if (path + 1).is_multiple_of(PATHS_PER_FILE) { self.write() } else { Ok(()) }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> Result<(), OutputError> {
        self.write()
    }

    fn write(&mut self) -> Result<(), OutputError> {
        let Some((first, batch)) = self.take_batch()? else { return Ok(()) };
        let path = self.file(first);
        self.folder.write_batch(&path, &batch)?;
        // A run that is interrupted counts on the files that it has left.
        sync_file(&path)
    }

    /// The paths that are in no file yet, and the first of them; none where all are.
    fn take_batch(&mut self) -> Result<Option<(u64, RecordBatch)>, OutputError> {
        let n = self.columns.first().map_or(0, Vec::len);
        if n == 0 {
            return Ok(None);
        }
        let first = self.first_path;
        let mut arrays: Vec<ArrayRef> = vec![
            text_array(std::iter::repeat_n(self.scenario.as_str(), n)),
            Arc::new(UInt64Array::from_iter_values((first..).take(n))),
            Arc::new(Float64Array::from(std::mem::take(&mut self.weights))),
        ];
        let figures = self.columns.iter_mut().map(std::mem::take);
        arrays.extend(figures.map(|column| -> ArrayRef { Arc::new(Float64Array::from(column)) }));
        let mut fields = key_fields();
        fields.extend(self.fields.iter().cloned());
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
            .map_err(|source| OutputError::Arrow { path: self.file(first), source })?;
        self.first_path += n as u64;
        Ok(Some((first, batch)))
    }

    /// The file of the paths from `first` on.
    fn file(&self, first: u64) -> PathBuf {
        self.folder.file("paths").join(self.file_name(first))
    }

    fn file_name(&self, first: u64) -> String {
        format!("{}{first:012}.parquet", self.own_files())
    }
}

/// The columns of `paths/` in order, for wrapped assets and portfolios of these names, as Arrow's
/// fields with `unit` and `meaning` in their metadata.
#[must_use]
pub fn path_fields(assets: &[&str], portfolios: &[&str]) -> Vec<Field> {
    let mut fields = key_fields();
    fields.extend(fields_of(assets.iter().copied(), portfolios.iter().copied()));
    fields
}

/// What says which path a row is of, and what it counts for.
fn key_fields() -> Vec<Field> {
    let weight = "likelihood ratio: density of the model over that drawn from; 1 when paths are drawn plainly";
    vec![
        field("scenario", text_type(), "", "scenario"),
        field("path", DataType::UInt64, "", "number of the path; replays it"),
        field("weight", DataType::Float64, "", weight),
    ]
}

fn field(name: &str, data_type: DataType, unit: &str, meaning: &str) -> Field {
    annotated(Field::new(name, data_type, false), unit, meaning)
}

/// The figures of a path by name, in the order of the columns of `paths/`.
pub fn named_figures<'r>(
    network: &Network,
    row: &'r [f64],
) -> impl Iterator<Item = (String, f64)> + use<'r> {
    let fields = figure_fields(network).into_iter();
    let positions = Layout::new(network).positions();
    fields.zip(positions).map(|(field, position)| (field.name().clone(), row[position]))
}

/// Has the losses of assets say what a loss of 1 is in ETH, as their scopes have it, in the
/// shortest text that reads back as the same number.
fn with_units(mut fields: Vec<Field>, setting: &Setting<'_>) -> Vec<Field> {
    let layout = Layout::new(setting.network());
    let mut row = vec![0.0; layout.width()];
    for scope in scopes(setting) {
        let figure = match scope.kind {
            ScopeKind::Asset => AssetFigure::NavLoss,
            ScopeKind::AssetMarket => AssetFigure::MarketLoss,
            _ => continue,
        };
        let column = layout.asset(scope.index, figure);
        row[column] = 1.0;
        let mut metadata = fields[column].metadata().clone();
        metadata.insert(ETH_PER_UNIT.to_owned(), scope.loss_eth(&row).to_string());
        fields[column].set_metadata(metadata);
        row[column] = 0.0;
    }
    fields
}

/// The figures of a row, in the order of [`Layout::positions`].
fn figure_fields(network: &Network) -> Vec<Field> {
    let assets = network.wrapped_assets().map(|id| network.asset(id).name.as_str());
    fields_of(assets, network.portfolios().iter().map(|portfolio| portfolio.name.as_str()))
}

fn fields_of<'n>(
    assets: impl Iterator<Item = &'n str>,
    portfolios: impl Iterator<Item = &'n str>,
) -> Vec<Field> {
    let float =
        |name: &str, unit: &str, meaning: &str| field(name, DataType::Float64, unit, meaning);
    let mut fields: Vec<Field> =
        Figure::ALL.iter().map(|f| float(f.name(), f.unit(), f.meaning())).collect();
    fields.extend(Channel::ALL.iter().map(|channel| {
        float(
            &format!("channel.{}", channel.name()),
            "eth",
            "loss through the channel, of holders by nav",
        )
    }));
    for name in assets {
        fields.extend(AssetFigure::ALL.iter().map(|figure| {
            float(&format!("asset.{name}.{}", figure.name()), figure.unit(), figure.meaning())
        }));
    }
    for portfolio in portfolios {
        fields.extend(PortfolioFigure::ALL.iter().map(|figure| {
            let name = format!("portfolio.{portfolio}.{}", figure.name());
            float(&name, figure.unit(), figure.meaning())
        }));
    }
    fields
}
