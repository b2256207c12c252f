"""Holds what can be held without the packages: closed forms, the files made for rows, the report. Standard library alone.

    python3 -m unittest discover -s benches/peers
"""

import tempfile
import tomllib
import unittest
from pathlib import Path

import contest
import files
import portfolio
import report
import rows


class ClosedForm(unittest.TestCase):
    def test_the_small_portfolio_has_its_published_figures(self):
        table = portfolio.SMALL.table()
        self.assertAlmostEqual(sum(table), 1.0, places=12)
        self.assertEqual([portfolio.value_at_risk(table, level) for level in (0.99, 0.999)], [14, 24])
        self.assertAlmostEqual(portfolio.expected_shortfall(table, 0.99), 18.422865, places=6)
        self.assertAlmostEqual(portfolio.expected_shortfall(table, 0.999), 29.08605, places=5)
        self.assertAlmostEqual(portfolio.tail(table, 25) / 9.661443e-4, 1.0, places=6)

    def test_a_sample_is_read_as_the_table_is(self):
        counts = [9_000, 900, 90, 9, 1]
        table = [count / 10_000 for count in counts]
        for level in (0.9, 0.99, 0.999):
            found = portfolio.shortfall_of_counts(counts, level)
            self.assertAlmostEqual(found, portfolio.expected_shortfall(table, level), places=9)

    def test_the_error_of_a_shortfall(self):
        # Measured at 2,000,000 paths: docs/validation.md.
        self.assertAlmostEqual(portfolio.shortfall_error(portfolio.SMALL.table(), 0.99, 2_000_000), 0.0458, delta=0.001)


class Files(unittest.TestCase):
    def test_scenarios_are_taken_out_and_nothing_else(self):
        text = files.BASELINE.read_text(encoding="utf-8")
        with_them, without = tomllib.loads(text), tomllib.loads(files.without_scenarios(text))
        self.assertGreater(len(with_them.pop("scenario")), 0)
        self.assertEqual(with_them, without)

    def test_the_run_files_are_those_of_the_portfolios(self):
        for label, case in portfolio.PORTFOLIOS.items():
            run = tomllib.loads((contest.HERE / f"{label}.toml").read_text())
            source = run["source"][0]
            self.assertAlmostEqual(1 - 2.718281828459045 ** -source["rate"], case.probability, places=12)
            self.assertAlmostEqual(source["loadings"]["factor"] ** 2, case.correlation, places=12)
            names = files.count_rows(contest.HERE / run["network"] / "operators.csv")
            self.assertEqual(names, case.names)

    def test_the_portfolio_of_ten_factors_stays_what_it_is(self):
        with tempfile.TemporaryDirectory() as folder:
            run = tomllib.loads(files.glasserman_li(Path(folder)).read_text())
        self.assertEqual(len(run["source"]), 1_000)
        squares = [sum(a * a for a in source["loadings"].values()) for source in run["source"]]
        self.assertLess(max(squares), 1.0)
        self.assertAlmostEqual(sum(squares) / 1_000, 1 / 3, delta=0.02)


class Contest(unittest.TestCase):
    def test_sizes_are_round(self):
        self.assertEqual([contest.round_down(n) for n in (1, 4, 99, 100, 2_000_001)], [1, 2, 50, 100, 2_000_000])

    def test_ratios_are_of_runs_in_turn(self):
        ours, theirs = [{"seconds": s} for s in (1, 2, 9)], [{"seconds": s} for s in (2, 4, 3)]
        self.assertEqual(contest.median_ratio(ours, theirs, lambda run: run["seconds"]), 0.5)


class Report(unittest.TestCase):
    def test_only_the_table_is_replaced(self):
        text = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
        self.assertEqual(report.replaced(text, "new"), f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n")

    def test_every_line_has_a_cell_a_column(self):
        line = ("work", "engine", "against", "2x", "3x")
        table = report.render([{"machine": "m", "commit": "c", "lines": [line]}])
        self.assertEqual(table.splitlines()[-1].count("|"), len(report.HEAD) + 1)
        self.assertTrue(all(callable(row) for row in rows.ROWS.values()))

    def test_figures_have_three_digits(self):
        self.assertEqual(report.paths_a_second(12_345_678), "12.3 M/s")
        self.assertEqual([report.seconds(0.01234), report.seconds(12.345)], ["12.3 ms", "12.3 s"])


if __name__ == "__main__":
    unittest.main()
