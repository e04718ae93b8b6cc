//! The command line of the bench.

pub(crate) struct Options {
    pub(crate) is_quick: bool,
    pub(crate) has_flood: bool,
    pub(crate) only_reports: bool,
    /// Another `parlord` to compare with.
    pub(crate) program: Option<String>,
    names: Vec<String>,
}

impl Options {
    /// `None` if the arguments ask for other benches, or for none.
    pub(crate) fn new(args: impl Iterator<Item = String>) -> Option<Self> {
        let mut options =
            Self { is_quick: false, has_flood: true, only_reports: false, program: None, names: Vec::new() };
        let (mut args, mut is_bench) = (args, false);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--bench" => is_bench = true,
                "--quick" => options.is_quick = true,
                "--no-flood" => options.has_flood = false,
                "--report" => options.only_reports = true,
                "--program" => options.program = Some(args.next().expect("--program needs a file")),
                // An option of another bench, when all run together.
                option if option.starts_with("--") => {}
                _ => options.names.push(arg),
            }
        }
        is_bench.then_some(options)
    }

    /// True when the row `name` should run.
    pub(crate) fn chooses(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| name.starts_with(wanted.as_str()))
    }
}
