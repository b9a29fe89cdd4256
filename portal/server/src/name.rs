//! `localhost`, which is a name of two addresses.

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::net::TcpSocket;

use crate::ServeError;

/// Holds the other address that `localhost` has, at the same port, and answers nothing there: a
/// browser may ask it first, and whoever answered would serve a page under this one's name.
/// Nothing where this machine has no such address, or where the server is not at this name.
///
/// # Errors
/// [`ServeError::Name`] where another program has it.
pub fn hold_other(address: SocketAddr) -> Result<Option<TcpSocket>, ServeError> {
    let ip = address.ip();
    let other: IpAddr = if ip == Ipv4Addr::LOCALHOST {
        Ipv6Addr::LOCALHOST.into()
    } else if ip == Ipv6Addr::LOCALHOST {
        Ipv4Addr::LOCALHOST.into()
    } else {
        return Ok(None);
    };
    let other = SocketAddr::new(other, address.port());
    let socket = if other.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() };
    match socket.and_then(|socket| socket.bind(other).map(|()| socket)) {
        Ok(socket) => Ok(Some(socket)),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(ServeError::Name { other }),
        // Without IPv6, nobody else has it either.
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn nobody_else_answers_by_the_name() -> Result<(), Box<dyn std::error::Error>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        // A machine without IPv6 has one address alone.
        let Some(held) = hold_other(address)? else { return Ok(()) };
        let other = held.local_addr()?;
        assert_eq!(other, SocketAddr::from((Ipv6Addr::LOCALHOST, address.port())));
        let taken = TcpListener::bind(other).await.map(drop).map_err(|error| error.kind());
        assert_eq!(taken, Err(ErrorKind::AddrInUse));
        assert!(TcpStream::connect(other).await.is_err(), "it answers");
        assert!(matches!(hold_other(address), Err(ServeError::Name { .. })));
        drop(held);
        assert!(hold_other(address)?.is_some());
        // Other addresses are not of that name.
        assert!(hold_other(SocketAddr::from(([192, 0, 2, 1], 8080)))?.is_none());
        Ok(())
    }
}
