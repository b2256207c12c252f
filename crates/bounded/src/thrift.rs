//! Walks what Parquet writes in the compact protocol of Thrift, and reads its whole numbers: each field
//! must be of the type that the format gives it, no list may claim more members than there are bytes
//! left, and nothing is allocated.

use std::io::Read;

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A truth value.
    Bool,
    /// A byte.
    Byte,
    /// A whole number of any length.
    Int,
    /// Eight bytes.
    Double,
    /// Bytes or text.
    Binary,
    /// Of one kind.
    List(&'static Self),
    /// Fields by number.
    Struct(&'static [(u8, Self)]),
}

/// Deeper than anything in the format.
const MOST_DEPTH: usize = 24;

/// What is seen on the way: the numbers of the fields down to it, and the whole number there; none where a
/// struct begins.
pub(crate) type Seen<'s> = &'s mut dyn FnMut(&[u8], Option<i64>) -> Result<(), String>;

/// Bytes that are walked, at most `left` of them.
pub(crate) struct Walk<R> {
    bytes: R,
    left: u64,
    path: Vec<u8>,
}

type Walked = Result<(), String>;

impl<R: Read> Walk<R> {
    pub(crate) fn new(bytes: R, left: u64) -> Self {
        Self { bytes, left, path: Vec::new() }
    }

    /// Bytes that were not walked.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Walks a struct with these fields; others are passed over.
    pub(crate) fn fields(&mut self, known: &[(u8, Kind)], seen: Seen<'_>) -> Walked {
        if self.path.len() > MOST_DEPTH {
            return Err("it is nested too deeply".to_owned());
        }
        seen(&self.path, None)?;
        let mut number = 0_u8;
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Ok(());
            }
            let (delta, code) = (header >> 4, header & 15);
            // Without a delta the number follows; no field of the format needs that.
            number =
                number.checked_add(delta).filter(|_| delta > 0).ok_or("fields out of order")?;
            self.path.push(number);
            match known.iter().find(|(own, _)| *own == number) {
                Some((_, kind)) => self.known(*kind, code, seen)?,
                None => self.unknown(code)?,
            }
            self.path.pop();
        }
    }

    fn known(&mut self, kind: Kind, code: u8, seen: Seen<'_>) -> Walked {
        match (kind, code) {
            (Kind::Bool, 1 | 2) => Ok(()),
            (Kind::Byte, 3) => self.skip(1),
            (Kind::Int, 4..=6) => {
                let number = self.varint()?;
                // The sign is the last bit.
                let number = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
                seen(&self.path, Some(number))
            }
            (Kind::Double, 7) => self.skip(8),
            (Kind::Binary, 8) => self.binary(),
            (Kind::List(member), 9) => self.list(*member, seen),
            (Kind::Struct(fields), 12) => self.fields(fields, seen),
            _ => Err("a field of another type than the format has".to_owned()),
        }
    }

    fn list(&mut self, member: Kind, seen: Seen<'_>) -> Walked {
        let (n, code) = self.members()?;
        for _ in 0..n {
            self.known(member, code, seen)?;
        }
        Ok(())
    }

    /// How many members a list has, and the code of their type.
    fn members(&mut self) -> Result<(u64, u8), String> {
        let header = self.byte()?;
        let n = match header >> 4 {
            15 => self.varint()?,
            n => u64::from(n),
        };
        let code = header & 15;
        if n > self.left {
            return Err(format!("a list of {n} where {} bytes are left", self.left));
        }
        // They take a byte each or none, as readers have it; the format has no such list here.
        if n > 0 && code < 3 {
            return Err("a list of truth values".to_owned());
        }
        Ok((n, code))
    }

    /// Passes over a value of which the format says nothing.
    fn unknown(&mut self, code: u8) -> Walked {
        if self.path.len() > MOST_DEPTH {
            return Err("it is nested too deeply".to_owned());
        }
        match code {
            1 | 2 => Ok(()),
            3 => self.skip(1),
            4..=6 => self.varint().map(drop),
            7 => self.skip(8),
            8 => self.binary(),
            9 | 10 => {
                let (n, code) = self.members()?;
                self.path.push(0);
                (0..n).try_for_each(|_| self.unknown(code))?;
                self.path.pop();
                Ok(())
            }
            12 => self.fields(&[], &mut |_, _| Ok(())),
            _ => Err("a type that the format does not use".to_owned()),
        }
    }

    fn binary(&mut self) -> Walked {
        let n = self.varint()?;
        self.skip(n)
    }

    fn skip(&mut self, n: u64) -> Walked {
        if n > self.left {
            return Err(format!("{n} bytes where {} are left", self.left));
        }
        self.left -= n;
        let skipped = std::io::copy(&mut (&mut self.bytes).take(n), &mut std::io::sink());
        match skipped {
            Ok(all) if all == n => Ok(()),
            Ok(_) => Err("it ends too early".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a number that does not end".to_owned())
    }

    fn byte(&mut self) -> Result<u8, String> {
        let mut byte = [0];
        self.left = self.left.checked_sub(1).ok_or("it ends too early")?;
        self.bytes.read_exact(&mut byte).map_err(|error| error.to_string())?;
        Ok(byte[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[(u8, Kind)] =
        &[(1, Kind::Int), (2, Kind::List(&Kind::Struct(&[(5, Kind::Int)])))];

    /// A field by the numbers down to it, and its number where it is one.
    type Seen = (Vec<u8>, Option<i64>);

    fn walked(bytes: &[u8]) -> Result<Vec<Seen>, String> {
        let mut all = Vec::new();
        let mut walk = Walk::new(bytes, bytes.len() as u64);
        walk.fields(KNOWN, &mut |path, number| {
            all.push((path.to_vec(), number));
            Ok(())
        })?;
        Ok(all)
    }

    #[test]
    fn numbers_are_found_where_they_are() {
        // Field 1 is -3; field 2 a list of two structs, of which the second has a 5 that is 200.
        let bytes = [0x15, 5, 0x19, 0x2c, 0, 0x55, 0x90, 3, 0, 0];
        let expected = [
            (vec![], None),
            (vec![1], Some(-3)),
            (vec![2], None),
            (vec![2], None),
            (vec![2, 5], Some(200)),
        ];
        assert_eq!(walked(&bytes).unwrap(), expected);
    }

    #[test]
    fn what_claims_more_than_there_is_is_refused() {
        let said = |bytes: &[u8]| walked(bytes).unwrap_err();
        // Unknown lists of 2^31 truth values, and of as many numbers.
        assert!(said(&[0x99, 0xf1, 0xff, 0xff, 0xff, 0xff, 7, 0]).contains("are left"));
        assert!(said(&[0x99, 0x11, 0]).contains("truth values"));
        assert!(said(&[0x99, 0xf5, 0xff, 0xff, 0xff, 0xff, 7, 0]).contains("are left"));
        // Text of 127 bytes of which none is there; a number without end; a field again.
        assert!(said(&[0x98, 0x7f]).contains("127 bytes"));
        assert!(said(&[[0x15].as_slice(), &[0xff; 11]].concat()).contains("does not end"));
        assert!(said(&[0x15, 1, 0x05, 2, 1, 0]).contains("order"));
        assert!(said(&[0x18, 1, 1, 0]).contains("another type"));
        // Structs in structs, and lists in lists.
        assert!(said(&[0x9c; 100]).contains("deeply"));
        assert!(said(&[[0x99].as_slice(), &[0x19; 100]].concat()).contains("deeply"));
    }
}
