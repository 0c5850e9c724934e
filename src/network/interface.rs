//! The interfaces of a network namespace (netdevice(7)), and TUN devices: what the kernel sends to
//! one is read from its descriptor, and what is written to the descriptor arrives at the kernel
//! (Documentation/networking/tuntap.rst).

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::fs::{Mode, OFlags, open};

/// The TUN device of a namespace.
pub const TUN: &str = "tun0";

/// Packets that wait in a TUN device until they are read: a message to all of a crowd at once.
const TUN_PACKETS: i32 = 20_000;

/// Brings the loopback interface of this thread's namespace up.
pub fn bring_up_loopback() -> io::Result<()> {
    bring_up("lo")
}

/// Makes all addresses of a range those of this thread's namespace, as 127.0.0.0/8 is.
pub fn own_range(first: Ipv4Addr, prefix: u32) -> io::Result<()> {
    set_address("lo:1", first, prefix)
}

/// Makes a TUN device in this thread's namespace, with an address in the network that it leads to.
/// It ends with its descriptor, which does not block and may be used in other namespaces.
///
/// # Errors
/// The system has no TUN devices, or this process may not use them.
pub fn make_tun(address: Ipv4Addr, prefix: u32, mtu: u32) -> io::Result<OwnedFd> {
    // What IPv6 says to its neighbours is no traffic of a trial.
    let _ = fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let tun = open("/dev/net/tun", flags, Mode::empty())?;
    let kind = (libc::IFF_TUN | libc::IFF_NO_PI) as libc::c_short;
    request(&tun, libc::TUNSETIFF as libc::c_ulong, TUN, |of| {
        of.ifru_flags = kind;
    })?;
    let any = any_socket()?;
    let set = |what, value| request(&any, what, TUN, |of| of.ifru_mtu = value);
    set(libc::SIOCSIFMTU, mtu as i32)?;
    // Only the machine's administrator may; others have the kernel's default of 500.
    let _ = set(libc::SIOCSIFTXQLEN, TUN_PACKETS);
    set_address(TUN, address, prefix)?;
    bring_up(TUN)?;
    Ok(tun)
}

/// The file that counts what passes the interfaces of this thread's namespace, whichever thread
/// reads it.
pub fn counters() -> io::Result<File> {
    File::open("/proc/thread-self/net/dev")
}

fn bring_up(interface: &str) -> io::Result<()> {
    let up = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    request(&any_socket()?, libc::SIOCSIFFLAGS, interface, |of| {
        of.ifru_flags = up;
    })
}

fn set_address(interface: &str, address: Ipv4Addr, prefix: u32) -> io::Result<()> {
    let any = any_socket()?;
    let mask = Ipv4Addr::from_bits(u32::MAX << (32 - prefix));
    request(&any, libc::SIOCSIFADDR, interface, |of| {
        of.ifru_addr = socket_address(address);
    })?;
    request(&any, libc::SIOCSIFNETMASK, interface, |of| {
        of.ifru_netmask = socket_address(mask);
    })
}

/// A socket of this thread's namespace, by which its interfaces are set up.
fn any_socket() -> io::Result<UdpSocket> {
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
}

/// An address as `sockaddr_in` has it: port, address, padding.
fn socket_address(address: Ipv4Addr) -> libc::sockaddr {
    let mut data = [0; 14];
    for (to, octet) in data[2..].iter_mut().zip(address.octets()) {
        *to = octet as libc::c_char;
    }
    libc::sockaddr {
        sa_family: libc::AF_INET as libc::sa_family_t,
        sa_data: data,
    }
}

/// One ioctl(2) of an interface.
fn request(
    descriptor: &impl AsRawFd,
    what: libc::c_ulong,
    interface: &str,
    set: impl FnOnce(&mut libc::__c_anonymous_ifr_ifru),
) -> io::Result<()> {
    // SAFETY: the structure is plain data, for which all zeroes are valid.
    let mut argument: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, byte) in argument.ifr_name.iter_mut().zip(interface.bytes()) {
        *to = byte as libc::c_char;
    }
    set(&mut argument.ifr_ifru);
    // SAFETY: the kernel reads and writes the structure only, which is valid and exclusive here.
    let done = unsafe { libc::ioctl(descriptor.as_raw_fd(), what as _, &raw mut argument) };
    match done {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
