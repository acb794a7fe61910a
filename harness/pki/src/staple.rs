//! OCSP responses. [RFC 6960, 4.2.1]

use crate::asn1::{bit_string, element, generalized, identifier, sequence};
use crate::build::{Making, algorithm, sign};
use crate::edits::{apply, sign_again};
use gauntlet_model::chain::{CertificateStatus, Moment, StapleSpec};
use openssl::sha::sha1;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

impl Making<'_> {
    /// The response to go with the chain.
    pub(crate) fn staple(&self, said: &StapleSpec) -> Result<Vec<u8>, String> {
        self.try_staple(said).map_err(|reason| format!("`staple`: {reason}"))
    }

    fn try_staple(&self, said: &StapleSpec) -> Result<Vec<u8>, String> {
        if let Some(bytes) = &said.bytes {
            return Ok(bytes.clone());
        }
        let status = element(0x0a, &[said.response_status]);
        if said.response_status != 0 {
            return Ok(sequence(&[&status]));
        }
        let subject = said.certificate.as_deref().unwrap_or("leaf");
        let issuer_name = self.issuer(subject);
        let signer_name = said.signer.as_deref().unwrap_or(&issuer_name);
        let (issuer, signer) = (self.holder(&issuer_name)?, self.holder(signer_name)?);
        let (scheme, identifier_of) = algorithm(None, &signer.key)?;
        let data = self.response_data(said, subject, &issuer.subject, &issuer.spki, &signer.subject)?;
        let make = |bytes: &[u8]| sign(&signer.key, scheme, bytes);
        let signature = bit_string(&make(&data)?);
        // Whoever is not the issuer itself has to show a certificate.
        let certificates = match signer_name == issuer_name {
            true => Vec::new(),
            false => element(0xa0, &sequence(&[&self.certificate(signer_name)?])),
        };
        let basic = sequence(&[&data, &identifier_of, &signature, &certificates]);
        let response = sequence(&[&identifier("1.3.6.1.5.5.7.48.1.1")?, &element(0x04, &basic)]);
        let whole = sequence(&[&status, &element(0xa0, &response)]);
        let signing =
            sign_again("response_bytes.response.tbs_response_data", "response_bytes.response.signature", &make);
        apply("OCSPResponse", whole, &said.edits, &signing, self.rng("staple"))
    }

    fn response_data(
        &self,
        said: &StapleSpec,
        subject: &str,
        issuer_name: &[u8],
        issuer_spki: &[u8],
        responder: &[u8],
    ) -> Result<Vec<u8>, String> {
        let time = |moment: Moment| generalized(self.seconds(moment));
        let this_update = said.this_update.unwrap_or(Moment::Relative(-HOUR));
        let next_update = match said.next_update.unwrap_or(Some(Moment::Relative(7 * DAY))) {
            Some(moment) => element(0xa0, &time(moment)?),
            None => Vec::new(),
        };
        let status = match said.status {
            CertificateStatus::Good => element(0x80, &[]),
            CertificateStatus::Revoked => element(0xa1, &time(Moment::Relative(-DAY))?),
            CertificateStatus::Unknown => element(0x82, &[]),
        };
        let serial = match &said.serial {
            Some(serial) => serial.clone(),
            None => self.serial(subject)?,
        };
        let key = gauntlet_wire::der::decode("SubjectPublicKeyInfo", issuer_spki);
        let path = gauntlet_wire::Path::parse("subject_public_key").map_err(|error| error.to_string())?;
        let bits = key.at(&path).map(gauntlet_wire::der::Element::content).unwrap_or_default();
        let id = sequence(&[
            &sequence(&[&identifier("1.3.14.3.2.26")?, &[0x05, 0]]),
            &element(0x04, &sha1(issuer_name)),
            &element(0x04, &sha1(bits.get(1..).unwrap_or_default())),
            &element(0x02, &serial),
        ]);
        let single = sequence(&[&id, &status, &time(this_update)?, &next_update]);
        let produced = time(this_update)?;
        Ok(sequence(&[&element(0xa1, responder), &produced, &sequence(&[&single])]))
    }
}
