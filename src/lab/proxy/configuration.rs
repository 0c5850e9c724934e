//! The configuration of each proxy, as files beside this one with these words in them:
//!
//! | word | |
//! |---|---|
//! | `ADDRESS` | where the proxy listens |
//! | `SERVER` | where the server listens |
//! | `CONNECTIONS` | the most connections of clients at once |
//! | `FILES` | the connections of both sides |
//! | `FOLDER` | the trial's folder of the proxy |
//! | `SITE`, `LOCATIONS`, `SILENCE` | of nginx: its site, more locations, longest silence |

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use tokio::process::Command;

use crate::lab::proxy::{Proxy, ProxyJob};
use crate::system::limits::SPARE_DESCRIPTORS;

const NGINX: &str = include_str!("nginx.conf");
const NGINX_REALTIME: &str = include_str!("nginx-realtime.conf");
const NGINX_DEFAULT: &str = include_str!("nginx-default.conf");
const NGINX_CACHE: &str = include_str!("nginx-cache.conf");
const HAPROXY: &str = include_str!("haproxy.cfg");
const HAPROXY_DEFAULT: &str = include_str!("haproxy-default.cfg");
const CADDY: &str = include_str!("Caddyfile");

/// Stands before the site of a cache.
const CACHE: &str = "    proxy_cache_path FOLDER/cache keys_zone=polls:10m;
    map $arg_after $no_cursor {
        default 0;
        \"\" 1;
    }
";
/// Stands in a location of a server that says nothing of buffering.
const NO_WORD_OF_BUFFERING: &str = "            proxy_ignore_headers X-Accel-Buffering;\n        }";

/// The text of a job's configuration, for a proxy that listens at `address`.
pub fn text(job: &ProxyJob, address: SocketAddr, folder: &Path) -> String {
    let realtime = |silence, before: &str, locations| {
        let site = NGINX_REALTIME.replace("LOCATIONS\n", locations);
        NGINX.replace(
            "SITE\n",
            &(before.to_owned() + &site.replace("SILENCE", silence)),
        )
    };
    let template = match job.proxy {
        Proxy::None => String::new(),
        Proxy::Nginx => realtime("1h", "", ""),
        Proxy::NginxIdle => realtime("5s", "", ""),
        Proxy::NginxCache => realtime("1h", CACHE, NGINX_CACHE),
        Proxy::NginxDefault => NGINX.replace("SITE\n", NGINX_DEFAULT),
        Proxy::NginxBuffer => {
            let site = NGINX_DEFAULT.replacen("        }", NO_WORD_OF_BUFFERING, 1);
            NGINX.replace("SITE\n", &site)
        }
        Proxy::Haproxy => HAPROXY.to_owned(),
        Proxy::HaproxyDefault => HAPROXY_DEFAULT.to_owned(),
        Proxy::Caddy => CADDY.to_owned(),
    };
    // Publishers and checks have connections too.
    let connections = job.connections + SPARE_DESCRIPTORS;
    template
        .replace("ADDRESS", &address.to_string())
        .replace("SERVER", &job.server.to_string())
        .replace("CONNECTIONS", &connections.to_string())
        .replace("FILES", &(2 * connections).to_string())
        .replace("FOLDER", &folder.display().to_string())
}

/// Writes the configuration into a folder. Returns the command that runs the proxy in the
/// foreground with it.
pub fn command(
    program: &Path,
    job: &ProxyJob,
    address: SocketAddr,
    folder: &Path,
) -> io::Result<Command> {
    let file = folder.join("configuration");
    fs::write(&file, text(job, address, folder))?;
    let mut command = Command::new(program);
    match job.proxy {
        Proxy::None => {}
        Proxy::Haproxy | Proxy::HaproxyDefault => {
            command.args(["-db", "-f"]).arg(file);
        }
        Proxy::Caddy => {
            command.args(["run", "--adapter", "caddyfile", "--config"]);
            command.arg(file);
            // It keeps files in the user's folders.
            for folder_of in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
                command.env(folder_of, folder);
            }
        }
        _ => {
            command.arg("-p").arg(folder).arg("-c").arg(file);
        }
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_a_template_is_left_in_a_configuration() {
        let of = |proxy| {
            let job = ProxyJob {
                proxy,
                server: ([127, 0, 0, 1], 8080).into(),
                connections: 200,
            };
            text(&job, ([127, 0, 0, 1], 8000).into(), "/tmp/p".as_ref())
        };
        let is_left = |word: &&str| word.len() > 3 && word.chars().all(|c| c.is_ascii_uppercase());
        for name in <Proxy as strum::VariantNames>::VARIANTS {
            let text = of(name.parse().unwrap());
            let lines = text.lines().filter(|line| !line.trim().starts_with('#'));
            let words: Vec<&str> = lines
                .flat_map(|line| line.split(|c: char| !c.is_alphanumeric()))
                .collect();
            assert_eq!(words.iter().find(|word| is_left(word)), None, "{name}");
            assert_eq!(text.contains("127.0.0.1:8080"), *name != "none", "{name}");
        }
        assert!(of(Proxy::Nginx).contains("worker_connections 600;"));
        assert!(of(Proxy::NginxIdle).contains("proxy_read_timeout 5s;"));
        let ignores = "proxy_ignore_headers X-Accel-Buffering;";
        assert!(of(Proxy::NginxBuffer).contains(ignores));
        assert!(!of(Proxy::NginxDefault).contains(ignores));
    }
}
