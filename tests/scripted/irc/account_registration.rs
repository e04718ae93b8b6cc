//! `REGISTER` and `VERIFY` (IRCv3 `draft/account-registration`), `PASS account:password`, and who may come in.
