//! Which texts the plots have.

/// The title of a plot, and how to read it.
#[derive(Debug)]
pub struct PlotText {
    pub title: &'static str,
    pub caption: &'static str,
}

/// The titles of axes.
#[derive(Debug)]
pub struct Axes {
    pub percentile: &'static str,
    pub latency: &'static str,
    /// Of one transport, linear.
    pub shape: &'static str,
    /// Of the deliveries, in a bar.
    pub share: &'static str,
    pub bytes: &'static str,
    pub cpu: &'static str,
    pub memory: &'static str,
    pub time: &'static str,
    pub since_fault: &'static str,
    pub deliveries: &'static str,
    pub clients: &'static str,
    pub rate: &'static str,
    pub payload: &'static str,
    pub poll_interval: &'static str,
    /// A factor that is a number.
    pub number_of: fn(&str) -> String,
}

#[derive(Debug)]
pub struct PlotTexts {
    pub latency: PlotText,
    pub distribution: PlotText,
    pub bytes: PlotText,
    pub cpu: PlotText,
    pub memory: PlotText,
    pub recovery: PlotText,
    pub heat_map: PlotText,
    pub latency_over_time: PlotText,
    pub deliveries_over_time: PlotText,
    pub scaling: PlotText,
    pub against_rate: PlotText,
    pub against_payload: PlotText,
    pub against_poll_interval: PlotText,
    pub capacity: PlotText,
    pub axes: Axes,
    /// Over the distributions: where latencies lie, and what shape they have.
    pub places: &'static str,
    pub shapes: &'static str,
    /// What tiles are that have less than so many percent of a second's deliveries, and those with
    /// more.
    pub tiles_below: fn(&str) -> String,
    pub tiles_above: fn(&str) -> String,
    /// A second since the window began, its deliveries, and the range of their latencies.
    pub second: fn(&str, f64, &str) -> String,
    /// The layers of the byte ledger: payload, envelope, protocol, TLS, TCP-IP.
    pub layers: [&'static str; 5],
    pub server: &'static str,
    pub load: &'static str,
    /// A process's CPU time in its program.
    pub user: fn(&str) -> String,
    /// A process's CPU time in the kernel.
    pub system: fn(&str) -> String,
    /// User and system time together, of a process.
    pub undivided: fn(&str) -> String,
    pub not_measured: &'static str,
    /// A figure, and the parts that it lacks.
    pub lacks: fn(&str, &str) -> String,
    /// A multiple of the baseline.
    pub of_baseline: fn(&str) -> String,
    /// Panels of the plots against a factor: latency, bytes, CPU and memory of server and load, the latencies of three
    /// recipients, messages per write.
    pub latency_p50: &'static str,
    pub all_bytes: &'static str,
    pub server_cpu: &'static str,
    pub load_cpu: &'static str,
    pub server_memory: &'static str,
    pub load_memory: &'static str,
    pub first_recipient: &'static str,
    pub median_recipient: &'static str,
    pub last_recipient: &'static str,
    pub messages_per_write: &'static str,
}
