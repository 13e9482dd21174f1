#pragma once
enum { xsID_onActivity, xsID_from, xsID_rssi, xsID_bytes, xsID_text, xsID_to, xsID_acked, xsID_received, xsID_whileClosed, xsID_ringFull, xsID_tooLong, xsID_notForUs, xsID_joiningCalls, xsID_statusFull, xsID_postFailed };
