//! Differences with their confidence intervals, as SVG: a dot with whiskers for each, and a line at zero.
//!
//! What is better lies on the left, so that the picture can be read without colour; each number is also written beside
//! its dot, and in the picture's label. It knows nothing of comparisons: whoever makes [`Intervals`] brings the texts.

use super::document::add;
use super::html::escape;

/// The width of the picture, and the room for names on its left and for numbers on its right [px of its own grid].
const SIZE: (f64, f64, f64) = (480.0, 130.0, 160.0);
/// The height of a row, and the room above the first one.
const ROW: (f64, f64) = (22.0, 8.0);
/// How many characters of a name fit.
const NAME: usize = 18;

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// What differs.
    pub name: String,
    /// By how much.
    pub mean: f64,
    /// The interval; `None` if one cannot be given.
    pub range: Option<(f64, f64)>,
    /// The numbers in words.
    pub text: String,
}

/// Differences of one measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Intervals {
    /// What is measured, and what zero is.
    pub title: String,
    /// The differences.
    pub rows: Vec<Interval>,
}

/// The picture, with what it shows below.
pub(super) fn render(intervals: &Intervals) -> String {
    let (width, names, numbers) = SIZE;
    let (left, right) = (names, width - numbers);
    let height = ROW.0.mul_add(intervals.rows.len() as f64, ROW.1 * 2.0);
    let ends = intervals.rows.iter().flat_map(|row| [row.mean, row.range.map_or(row.mean, |(low, _)| low), row.range.map_or(row.mean, |(_, high)| high)]);
    let (low, high) = ends.filter(|end| end.is_finite()).fold((0.0_f64, 0.0_f64), |(low, high), end| (low.min(end), high.max(end)));
    // Some room on either side, and a scale of its own even where everything is zero.
    let room = if high - low > 0.0 { (high - low) * 0.06 } else { 1.0 };
    let (low, high) = (low - room, high + room);
    let x = |value: f64| left + (right - left) * ((value - low) / (high - low)).clamp(0.0, 1.0);
    let told: Vec<String> = intervals.rows.iter().map(|row| format!("{} {}", row.name, row.text)).collect();
    let label = format!("{}: {}", intervals.title, told.join("; "));
    let mut out = format!("<figure>\n<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">\n", escape(&label));
    add(&mut out, format_args!("<line class=\"zero\" x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"0\" y2=\"{height}\"/>\n", x(0.0)));
    for (at, row) in intervals.rows.iter().enumerate() {
        let y = ROW.0.mul_add(at as f64 + 0.5, ROW.1);
        let class = match row.range {
            Some((_, high)) if high < 0.0 => "better",
            Some((low, _)) if low > 0.0 => "worse",
            _ => "alike",
        };
        add(&mut out, format_args!("<g class=\"{class}\"><title>{}</title>", escape(&format!("{} {}", row.name, row.text))));
        add(&mut out, format_args!("<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>", left - 8.0, y + 4.0, escape(&cut(&row.name))));
        if let Some((low, high)) = row.range {
            let (from, to) = (x(low), x(high));
            let (top, bottom) = (y - 4.0, y + 4.0);
            add(
                &mut out,
                format_args!("<path class=\"whisker\" d=\"M{from:.1} {top:.1}V{bottom:.1}M{to:.1} {top:.1}V{bottom:.1}M{from:.1} {y:.1}H{to:.1}\"/>"),
            );
        }
        add(&mut out, format_args!("<circle class=\"dot\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4\"/>", x(row.mean)));
        add(&mut out, format_args!("<text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{}</text></g>\n", right + 8.0, y + 4.0, escape(&row.text)));
    }
    add(&mut out, format_args!("</svg>\n<figcaption><strong>{}</strong></figcaption>\n</figure>\n", escape(&intervals.title)));
    out
}

/// A name that fits beside its dot.
fn cut(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    name.chars().take(NAME - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, mean: f64, range: Option<(f64, f64)>) -> Interval {
        Interval { name: name.into(), mean, range, text: format!("{mean}") }
    }

    #[test]
    fn what_is_better_lies_left_of_zero() {
        let rows = vec![row("canary", -4.0, Some((-5.0, -3.0))), row("<linear>", 1.0, Some((-1.0, 3.0))), row("slow", 2.0, Some((1.0, 3.0)))];
        let svg = render(&Intervals { title: "users hurt".into(), rows });
        let at = |part: &str| part.split('"').next().and_then(|number| number.parse::<f64>().ok()).expect("a number");
        let zero = at(svg.split("class=\"zero\" x1=\"").nth(1).expect("a line"));
        let dots: Vec<f64> = svg.split("cx=\"").skip(1).map(at).collect();
        assert!(dots[0] < zero && zero < dots[1] && dots[1] < dots[2], "{zero} {dots:?}");
        assert_eq!(["better", "alike", "worse"].map(|class| svg.matches(&format!("<g class=\"{class}\"")).count()), [1, 1, 1]);
        assert!(svg.contains("&lt;linear&gt;") && svg.contains("aria-label=\"users hurt: canary -4"));
    }

    #[test]
    fn nothing_and_no_interval_are_drawn_too() {
        let svg = render(&Intervals { title: "cost".into(), rows: vec![row("the very same strategy", 0.0, None)] });
        assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains("whisker") && svg.contains("the very same str…"), "{svg}");
    }
}
