//! Columns.

use super::Text;

/// Blanks between two columns.
const GAP: usize = 2;
/// No column but the last is cut below this.
const LEAST: usize = 12;

/// Rows of cells; all but the last column are as wide as their widest cell, the last one wraps.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<Text>>,
}

impl Table {
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Text>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Writes it with `indent` blanks before each line, at most `width` columns wide where that
    /// can be had by cutting cells.
    pub(crate) fn write(self, indent: usize, width: usize, out: &mut String) {
        let widths = self.widths(width.saturating_sub(indent));
        for row in self.rows {
            let count = row.len();
            let mut lead = Text::of(" ".repeat(indent));
            let mut body = Text::new();
            for (index, cell) in row.into_iter().enumerate() {
                if index + 1 == count {
                    body = cell;
                } else if let Some(wide) = widths.get(index).filter(|wide| **wide > 0) {
                    lead = lead.and(cell.cut_to(*wide).pad_to(wide + GAP));
                }
            }
            lead.lead(&body, width, out);
        }
    }

    fn widths(&self, width: usize) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |column: usize| {
            let cells = self.rows.iter().filter(|row| column + 1 < row.len());
            cells.filter_map(|row| row.get(column)).map(Text::width).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..columns).map(widest).collect();
        let last = self.rows.iter().filter_map(|row| row.last()).map(Text::width).max();
        let last = last.unwrap_or(0).min(width / 3);
        let taken = |widths: &[usize]| {
            widths.iter().filter(|wide| **wide > 0).map(|wide| wide + GAP).sum::<usize>() + last
        };
        while taken(&widths) > width {
            match widths.iter_mut().max() {
                Some(widest) if *widest > LEAST => *widest -= 1,
                _ => break,
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_the_last_one_wraps() {
        let mut table = Table::default();
        table.row([Text::of("a"), Text::of("bbb"), Text::of("one two three")]);
        table.row([Text::of("aaaa"), Text::of("b"), Text::of("one")]);
        let mut out = String::new();
        table.write(2, 22, &mut out);
        assert_eq!(out, "  a     bbb  one two\n             three\n  aaaa  b    one\n");
    }

    #[test]
    fn wide_columns_give_way() {
        let mut table = Table::default();
        table.row([Text::of("x".repeat(60)), Text::of("y".repeat(12)), Text::of("end")]);
        let mut out = String::new();
        table.write(0, 40, &mut out);
        assert!(out.lines().all(|line| line.chars().count() <= 40), "{out}");
        assert!(out.contains("x…  yyyyyyyyyyyy  end"), "{out}");
    }
}
